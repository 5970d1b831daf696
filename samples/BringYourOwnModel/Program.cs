using Px.Samples;
using Px.Samples.BringYourOwnModel;

return SampleProgram.Main(args, Sample.Run);
