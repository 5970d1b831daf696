using Px.Runner;
using Px.Samples.Faster;

return ConsoleProgram.Main(args, Sample.Run);
