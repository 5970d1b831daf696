using Px.GpuCheck;

return SampleProgram.Main(args, App.Run);
