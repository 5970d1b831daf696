using Px.Samples;
using Px.Samples.Faster;

return SampleProgram.Main(args, Sample.Run);
