using System.Runtime.InteropServices;

using TorchSharp.Modules;

using static TorchSharp.torch;

namespace TorchSharp.Subset.Tests.Modules;

public class StateDictTests
{
    [Fact]
    public void StateDict_Values_AreTheLiveTensors()
    {
        using var module = nn.Linear(1, 1);

        var state = module.state_dict(prefix: "net");

        state.Keys.Should().Equal("net.weight", "net.bias");
        state["net.weight"].Should().BeSameAs(module.weight);
    }

    [Fact]
    public void LoadStateDict_OtherTypeAndShape_ConvertsAndBroadcasts()
    {
        using var module = nn.Linear(1, 2);

        module.load_state_dict(new() { ["weight"] = ones([2, 1], ScalarType.Float64) * 3, ["bias"] = ones(1) * 5 });

        module.weight.Floats().Should().Equal(3, 3);
        module.bias!.Floats().Should().Equal(5, 5);
        module.weight.requires_grad.Should().BeTrue();
    }

    [Fact]
    public void LoadStateDict_WrongShape_ThrowsFromLibtorch()
    {
        using var module = nn.Linear(2, 2, hasBias: false);

        module.Invoking(m => m.load_state_dict(new() { ["weight"] = ones(3, 2) })).Should().Throw<ExternalException>();
    }

    [Fact]
    public void LoadStateDict_OtherKeys_ThrowsStrictAndReportsOtherwise()
    {
        using var module = nn.Linear(1, 1);
        var source = new Dictionary<string, Tensor> { ["weight"] = ones(1, 1), ["extra"] = ones(1) };

        module.Invoking(m => m.load_state_dict(source)).Should().Throw<InvalidOperationException>().WithMessage("The loaded state_dict is not identical to the target dictionary.");
        var (missing, unexpected) = module.load_state_dict(source, strict: false);
        var skipped = module.load_state_dict(source, skip: ["bias", "extra"]);

        missing.Should().Equal("bias");
        unexpected.Should().Equal("extra");
        skipped.missing_keys.Should().BeEmpty();
        module.weight.Floats().Should().Equal(1);
    }

    [Fact]
    public void Sequential_DuplicateOrSharedNames_KeepOneEntryInTheStateDictionary()
    {
        using var shared = nn.Linear(1, 1);
        using var twice = nn.Sequential(("a", shared), ("b", shared));
        using var duplicate = nn.Sequential(("a", nn.Linear(1, 1)), ("a", nn.Linear(2, 2)));

        twice.state_dict().Keys.Should().Equal("a.weight", "a.bias");
        duplicate.state_dict().Keys.Should().Equal("a.weight", "a.bias");
    }
}
