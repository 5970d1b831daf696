using Px.GpuCheck;

return ConsoleProgram.Main(args, App.Run);
