using static TorchSharp.torch;

namespace TorchSharp.Subset.Tests.Tensors;

public sealed class DeviceTests
{
    [Fact]
    public void Device_OfEveryForm_IsParsed()
    {
        CPU.ToString().Should().Be("cpu");
        CPU.index.Should().Be(-1);
        new Device("cuda:2").index.Should().Be(2);
        new Device("cuda", 1).ToString().Should().Be("cuda:1");
        new Device(DeviceType.CUDA).ToString().Should().Be("cuda");
        ((Device)"cpu").type.Should().Be(DeviceType.CPU);
        device("cpu").type.Should().Be(DeviceType.CPU);
        ((Action)(() => _ = new Device("abacus"))).Should().Throw<ArgumentException>();
    }

    [CudaFact(available: false)]
    public void Cuda_WhereThereIsNone_ThrowsInsteadOfFallingBack()
    {
        using var scope = NewDisposeScope();
        ((Action)(() => _ = CUDA)).Should().Throw<InvalidOperationException>();
        ((Action)(() => _ = device("cuda"))).Should().Throw<InvalidOperationException>();
        ((Action)(() => ones(1).cuda())).Should().Throw<InvalidOperationException>();
        ((Action)(() => ones(1).to(new Device(DeviceType.CUDA, 0)))).Should().Throw<InvalidOperationException>();
        cuda.device_count().Should().Be(0);
        TryInitializeDeviceType(DeviceType.CUDA).Should().BeFalse();
        cuda.synchronize();
    }

    [CudaFact(available: true)]
    public void Cuda_WhereThereIsOne_Computes()
    {
        using var scope = NewDisposeScope();
        var x = ones(2, device: CUDA);
        x.is_cuda.Should().BeTrue();
        (x + x).data<float>().ToArray().Should().Equal(2, 2);
        x.sum().item<float>().Should().Be(2);
        cuda.synchronize();
    }

    [Fact]
    public void Meta_Tensors_HaveAShapeOnly()
    {
        using var x = ones(2, 3, device: META);
        x.is_meta.Should().BeTrue();
        x.shape.Should().Equal(2, 3);
    }

    [Fact]
    public void InitializeDeviceType_OfTheCpu_Succeeds()
    {
        TryInitializeDeviceType(DeviceType.CPU).Should().BeTrue();
        InitializeDeviceType(DeviceType.CPU);
    }

    [Fact]
    public void Threads_SetAndRead_Agree()
    {
        var before = get_num_threads();
        set_num_threads(1);
        get_num_threads().Should().Be(1);
        set_num_threads(before);
    }

    [Fact]
    public void Version_OfLibtorch_IsOne() => Version.TryParse(__version__.Split('+', 'a')[0], out _).Should().BeTrue();
}
