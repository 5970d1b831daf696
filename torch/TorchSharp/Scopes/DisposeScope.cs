using static TorchSharp.torch;

namespace TorchSharp;

/// <summary>Disposes at its end every tensor made on its thread since its start, but those moved out.</summary>
public sealed class DisposeScope : IDisposable
{
    private HashSet<IDisposable> disposables = new(ReferenceEqualityComparer.Instance);
    private DisposeScopeManager? manager;

    internal DisposeScope(DisposeScopeManager manager, DisposeScope? outer)
    {
        this.manager = manager;
        Outer = outer;
    }

    internal DisposeScope? Outer { get; set; }

    public IReadOnlyList<IDisposable> DisposablesView => [.. disposables];
    public int DisposablesCount => disposables.Count;

    public bool Contains(IDisposable disposable) => disposables.Contains(disposable);

    public T MoveToOuter<T>(T disposable) where T : IDisposable => MoveToOther(Outer, disposable);

    public (T1 first, T2 second) MoveToOuter<T1, T2>(T1 first, T2 second) where T1 : IDisposable where T2 : IDisposable => MoveToOther(Outer, first, second);

    public (T1 first, T2 second, T3 third) MoveToOuter<T1, T2, T3>(T1 first, T2 second, T3 third) where T1 : IDisposable where T2 : IDisposable where T3 : IDisposable => MoveToOther(Outer, first, second, third);

    public void MoveToOuter(params IDisposable[] disposables) => MoveToOther(Outer, (IEnumerable<IDisposable>)disposables);

    public void MoveToOuter(IEnumerable<IDisposable> disposables) => MoveToOther(Outer, disposables);

    public T MoveToOther<T>(DisposeScope? scope, T disposable) where T : IDisposable
    {
        Move(disposable, scope);
        return disposable;
    }

    public (T1 first, T2 second) MoveToOther<T1, T2>(DisposeScope? scope, T1 first, T2 second) where T1 : IDisposable where T2 : IDisposable =>
        (MoveToOther(scope, first), MoveToOther(scope, second));

    public (T1 first, T2 second, T3 third) MoveToOther<T1, T2, T3>(DisposeScope? scope, T1 first, T2 second, T3 third) where T1 : IDisposable where T2 : IDisposable where T3 : IDisposable =>
        (MoveToOther(scope, first), MoveToOther(scope, second), MoveToOther(scope, third));

    public void MoveToOther(DisposeScope? scope, params IDisposable[] disposables) => MoveToOther(scope, (IEnumerable<IDisposable>)disposables);

    public void MoveToOther(DisposeScope? scope, IEnumerable<IDisposable> disposables)
    {
        foreach (var disposable in disposables) Move(disposable, scope);
    }

    public T Detach<T>(T disposable) where T : IDisposable => MoveToOther(null, disposable);

    public (T1 first, T2 second) Detach<T1, T2>(T1 first, T2 second) where T1 : IDisposable where T2 : IDisposable => MoveToOther(null, first, second);

    public (T1 first, T2 second, T3 third) Detach<T1, T2, T3>(T1 first, T2 second, T3 third) where T1 : IDisposable where T2 : IDisposable where T3 : IDisposable => MoveToOther(null, first, second, third);

    public void Detach(params IDisposable[] disposables) => MoveToOther(null, (IEnumerable<IDisposable>)disposables);

    public void Detach(IEnumerable<IDisposable> disposables) => MoveToOther(null, disposables);

    public void Attach(IDisposable disposable)
    {
        ObjectDisposedException.ThrowIf(manager is null, this);
        if (disposable is Tensor { OwningDisposeScope: { } owner } && owner != this) owner.Move(disposable, this);
        else if (disposables.Add(disposable) && disposable is Tensor tensor)
        {
            tensor.OwningDisposeScope = this;
            manager.ThreadStatistics.TensorStatistics.AttachedToScopeCount++;
        }
    }

    public void Attach(params IDisposable[] disposables) => Attach((IEnumerable<IDisposable>)disposables);

    public IReadOnlyList<IDisposable> Attach(IEnumerable<IDisposable> disposables)
    {
        List<IDisposable> attached = [.. disposables];
        attached.ForEach(Attach);
        return attached;
    }

    public void DisposeEverything() => DisposeEverythingBut([]);

    public T DisposeEverythingBut<T>(T keep) where T : IDisposable
    {
        DisposeEverythingBut([keep]);
        return keep;
    }

    public (T1 first, T2 second) DisposeEverythingBut<T1, T2>(T1 first, T2 second) where T1 : IDisposable where T2 : IDisposable
    {
        DisposeEverythingBut([first, second]);
        return (first, second);
    }

    public (T1 first, T2 second, T3 third) DisposeEverythingBut<T1, T2, T3>(T1 first, T2 second, T3 third) where T1 : IDisposable where T2 : IDisposable where T3 : IDisposable
    {
        DisposeEverythingBut([first, second, third]);
        return (first, second, third);
    }

    public void DisposeEverythingBut(params IDisposable[] keep) => DisposeEverythingBut((IEnumerable<IDisposable>)keep);

    public void DisposeEverythingBut(IEnumerable<IDisposable> inKeep)
    {
        ObjectDisposedException.ThrowIf(manager is null, this);
        var all = disposables;
        disposables = new(inKeep, ReferenceEqualityComparer.Instance);
        disposables.IntersectWith(all);
        foreach (var disposable in all)
        {
            if (disposables.Contains(disposable)) continue;
            if (disposable is Tensor tensor)
            {
                tensor.OwningDisposeScope = null; // or it would call back
                if (!tensor.IsInvalid) manager.ThreadStatistics.TensorStatistics.DisposedInScopeCount++;
                tensor.Release();
            }
            else
            {
                disposable.Dispose();
            }
        }
    }

    /// <summary>Forgets an object that was disposed by itself.</summary>
    public void MarkAsDisposed(IDisposable disposable)
    {
        if (!disposables.Remove(disposable) || disposable is not Tensor tensor) return;
        tensor.OwningDisposeScope = null;
        DisposeScopeManager.Current.ThreadStatistics.TensorStatistics.DisposedInScopeCount++;
    }

    public void Dispose()
    {
        if (manager is null) return;
        DisposeEverything();
        manager.Remove(this);
        manager = null;
    }

    internal void Own(Tensor tensor) => disposables.Add(tensor);

    internal void Forget(Tensor tensor)
    {
        disposables.Remove(tensor);
        tensor.OwningDisposeScope = null;
    }

    /// <summary>What this scope does not own stays where it is. A null scope: owned by nobody from now on.</summary>
    private void Move(IDisposable disposable, DisposeScope? scope)
    {
        ObjectDisposedException.ThrowIf(manager is null, this);
        if (!disposables.Remove(disposable)) return;
        scope?.disposables.Add(disposable);
        if (disposable is not Tensor tensor) return;
        tensor.OwningDisposeScope = scope;
        if (scope is null) manager.ThreadStatistics.TensorStatistics.DetachedFromScopeCount++;
    }
}
