using Px.Experiments;
using Px.Samples;

return SampleProgram.Main(args, App.Run);
