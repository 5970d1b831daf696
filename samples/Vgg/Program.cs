using Px.Runner;
using Px.Samples.VggSample;

return ConsoleProgram.Main(args, Sample.Run);
