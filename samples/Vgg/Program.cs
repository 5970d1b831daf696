using Px.Samples;
using Px.Samples.VggSample;

return SampleProgram.Main(args, Sample.Run);
