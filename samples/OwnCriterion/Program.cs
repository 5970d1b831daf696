using Px.Runner;
using Px.Samples.OwnCriterion;

return ConsoleProgram.Main(args, Sample.Run);
