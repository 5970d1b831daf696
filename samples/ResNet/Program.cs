using Px.Runner;
using Px.Samples.ResNetSample;

return ConsoleProgram.Main(args, Sample.Run);
