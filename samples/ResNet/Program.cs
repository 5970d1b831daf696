using Px.Samples;
using Px.Samples.ResNetSample;

return SampleProgram.Main(args, Sample.Run);
