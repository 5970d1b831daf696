using Px.Samples;
using Px.Samples.DeepLabSample;

return SampleProgram.Main(args, Sample.Run);
