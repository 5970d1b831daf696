using Px.Runner;
using Px.Samples.BringYourOwnModel;

return ConsoleProgram.Main(args, Sample.Run);
