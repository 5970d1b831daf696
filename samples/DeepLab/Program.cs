using Px.Runner;
using Px.Samples.DeepLabSample;

return ConsoleProgram.Main(args, Sample.Run);
