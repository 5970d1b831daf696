using TorchSharp.Modules;

using static TorchSharp.torch;

namespace TorchSharp.Subset.Tests.Modules;

public class HookTests
{
    private readonly List<string> log = [];

    [Fact]
    public void Call_AllFourKinds_RunAroundForwardInOrder()
    {
        using var module = new Twice();
        module.register_forward_hook(_ => log.Add("module post"));
        module.register_forward_hook((_, _, y) => Note("post", y));
        module.register_forward_pre_hook((_, x) => Note("pre", x));
        module.register_forward_pre_hook(_ => log.Add("module pre"));

        using var y = module.call(ones(1));

        log.Should().Equal("module pre", "pre", "post", "module post");
    }

    [Fact]
    public void Forward_Called_RunsNoHook()
    {
        using var module = new Twice();
        module.register_forward_hook((_, _, y) => Note("post", y));
        module.register_forward_pre_hook(_ => log.Add("module pre"));

        using var y = module.forward(ones(1));

        log.Should().BeEmpty();
    }

    [Fact]
    public void Hooks_ReturningTensors_ReplaceInputAndOutput()
    {
        using var module = new Twice();
        module.register_forward_pre_hook((_, x) => x + 1);
        module.register_forward_hook((_, x, y) => x * 100 + y);

        module.call(ones(1)).item<float>().Should().Be(204);
    }

    [Fact]
    public void Hooks_ReturningNull_KeepTheVeryTensors()
    {
        using var module = new Twice();
        using var x = ones(1);
        Tensor? seenInput = null;
        Tensor? seenOutput = null;
        module.register_forward_hook((_, input, output) =>
        {
            (seenInput, seenOutput) = (input, output);
            return null!;
        });

        using var y = module.call(x);

        seenInput.Should().BeSameAs(x);
        seenOutput.Should().BeSameAs(y);
    }

    [Fact]
    public void RegisterForwardHook_AfterARemoval_TakesTheFreedPlace()
    {
        using var module = new Twice();
        var a = module.register_forward_hook((_, _, y) => Note("A", y));
        module.register_forward_hook((_, _, y) => Note("B", y));
        module.register_forward_hook((_, _, y) => Note("C", y));

        a.remove();
        module.register_forward_hook((_, _, y) => Note("D", y));
        using var y = module.call(ones(1));

        log.Should().Equal("D", "B", "C");
    }

    [Fact]
    public void Hook_RemovingItself_IsFineButAddingOneThrows()
    {
        using var module = new Twice();
        HookableRemover(module);
        using (module.call(ones(1)))
        {
        }
        using (module.call(ones(1)))
        {
        }
        log.Should().Equal("once");

        module.register_forward_hook(m => ((Twice)m).register_forward_hook(_ => { }));
        module.Invoking(m => m.call(ones(1))).Should().Throw<InvalidOperationException>();
    }

    [Fact]
    public void Remove_EachKind_StopsTheHook()
    {
        using var module = new Twice();
        module.register_forward_pre_hook((_, x) => Note("pre", x)).remove();
        module.register_forward_pre_hook(_ => log.Add("module pre")).remove();
        module.register_forward_hook(_ => log.Add("module post")).remove();
        var post = module.register_forward_hook((_, _, y) => Note("post", y));
        post.remove();
        post.remove();

        using var y = module.call(ones(1));

        log.Should().BeEmpty();
    }

    [Fact]
    public void Sequential_ForwardOrCall_RunsTheHooksOfItsChildren()
    {
        var relu = nn.ReLU();
        using var module = nn.Sequential(relu, nn.Tanh());
        relu.register_forward_hook((_, _, y) => Note("child", y));
        module.register_forward_hook((_, _, y) => Note("root", y));

        using (module.forward(ones(1)))
        {
        }
        using (module.call(ones(1)))
        {
        }

        log.Should().Equal("child", "child", "root");
    }

    [Fact]
    public void Call_TwoInputs_ReplacesBothFromThePreHook()
    {
        using var module = new Difference();
        module.register_forward_pre_hook((_, x, y) => (y, x));
        module.register_forward_hook((_, _, _, difference) => difference * 10);

        module.call(ones(1), zeros(1)).item<float>().Should().Be(-10);
    }

    [Fact]
    public void Hook_Throwing_LeavesCallWithItsException()
    {
        using var module = new Twice();
        module.register_forward_pre_hook((_, _) => throw new FormatException("from a hook"));

        module.Invoking(m => m.call(ones(1))).Should().Throw<FormatException>();
    }

    [Fact]
    public void RegisterForwardHook_FoundByReflection_AttachesToAnyHookableModule()
    {
        nn.Module module = nn.Linear(1, 1);
        var hookable = module.GetType();
        while (!(hookable!.IsGenericType && hookable.GetGenericTypeDefinition() == typeof(nn.HookableModule<,>))) hookable = hookable.BaseType;

        var remover = hookable.GetMethod("register_forward_hook", [typeof(Action<nn.Module>)])!.Invoke(module, [(Action<nn.Module>)(_ => log.Add("hit"))])!;
        using (((Linear)module).call(ones(1, 1)))
        {
        }
        remover.GetType().GetMethod("remove")!.Invoke(remover, null);
        using (((Linear)module).call(ones(1, 1)))
        {
        }

        log.Should().Equal("hit");
    }

    private void HookableRemover(Twice module)
    {
        nn.HookableModule<Func<nn.Module<Tensor, Tensor>, Tensor, Tensor>, Func<nn.Module<Tensor, Tensor>, Tensor, Tensor, Tensor>>.HookRemover? self = null;
        self = module.register_forward_hook((_, _, y) =>
        {
            self!.remove();
            return Note("once", y);
        });
    }

    private Tensor Note(string what, Tensor _)
    {
        log.Add(what);
        return null!;
    }
}
