using Px.Experiments;
using Px.Runner;

return ConsoleProgram.Main(args, App.Run);
