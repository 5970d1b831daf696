namespace TorchSharp;

/// <summary>One thread's stack of dispose scopes and its statistics.</summary>
public class DisposeScopeManager
{
    [ThreadStatic] private static DisposeScopeManager? current;

    internal static DisposeScopeManager Current => current ??= new();

    public static ThreadDisposeScopeStatistics Statistics => Current.ThreadStatistics;

    internal ThreadDisposeScopeStatistics ThreadStatistics { get; } = new();

    internal DisposeScope? CurrentScope { get; private set; }

    internal DisposeScope NewScope() => CurrentScope = new DisposeScope(this, CurrentScope);

    /// <summary>Counts a new tensor, and gives it to the innermost scope if there is one.</summary>
    internal DisposeScope? Register(torch.Tensor tensor)
    {
        var scope = CurrentScope;
        if (scope is null)
        {
            ThreadStatistics.TensorStatistics.CreatedOutsideScopeCount++;
            return null;
        }
        ThreadStatistics.TensorStatistics.CreatedInScopeCount++;
        scope.Own(tensor);
        return scope;
    }

    /// <summary>As if the tensor had never been made.</summary>
    internal void Unregister(torch.Tensor tensor)
    {
        if (tensor.OwningDisposeScope is { } scope)
        {
            scope.Forget(tensor);
            ThreadStatistics.TensorStatistics.CreatedInScopeCount--;
        }
        else
        {
            ThreadStatistics.TensorStatistics.CreatedOutsideScopeCount--;
        }
    }

    /// <summary>Takes a scope out of the stack; it need not be the innermost.</summary>
    internal void Remove(DisposeScope scope)
    {
        if (CurrentScope == scope)
        {
            CurrentScope = scope.Outer;
            return;
        }
        for (var inner = CurrentScope; inner is not null; inner = inner.Outer)
        {
            if (inner.Outer != scope) continue;
            inner.Outer = scope.Outer;
            return;
        }
    }
}
