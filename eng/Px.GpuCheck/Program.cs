using Px.GpuCheck;
using Px.Samples;

return SampleProgram.Main(args, App.Run);
