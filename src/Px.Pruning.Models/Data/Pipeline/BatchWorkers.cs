using System.Runtime.ExceptionServices;

namespace Px.Pruning.Models.Data.Pipeline;

// Threads that prepare the coming batches in managed memory while the consumer works on the present one. They touch no tensor.
internal sealed class BatchWorkers : IDisposable
{
    private readonly BatchPlan _plan;
    private readonly Slot[] _slots;
    private readonly Thread[] _threads;
    private readonly CancellationTokenSource _stop = new();
    private readonly object _gate = new();
    private int _begun, _taken;

    public BatchWorkers(BatchPlan plan, int workers)
    {
        _plan = plan;
        _slots = [.. Enumerable.Range(0, (int)Math.Min(2L * workers, plan.Count)).Select(_ => new Slot())];
        _threads = [.. Enumerable.Range(1, Math.Min(workers, plan.Count))
            .Select(i => new Thread(Work) { IsBackground = true, Name = $"Px batches {i}" })];
        foreach (var thread in _threads)
            thread.Start();
    }

    // Waits for a batch and copies it. Batches are taken in order, each once.
    // Throws what stopped the thread that prepared it.
    public void Take(int batch, Span<float> data, Span<long> label)
    {
        var slot = SlotOf(batch);
        lock (_gate)
        {
            while (slot.Ready != batch)
                Monitor.Wait(_gate);
        }

        slot.Failure?.Throw();
        slot.Data.AsSpan(0, data.Length).CopyTo(data);
        slot.Label.AsSpan(0, label.Length).CopyTo(label);
        lock (_gate)
        {
            _taken = batch + 1;
            Monitor.PulseAll(_gate);
        }
    }

    // Stops the threads after the picture that each is at, and waits until they are gone.
    public void Dispose()
    {
        _stop.Cancel();
        lock (_gate)
            Monitor.PulseAll(_gate);
        foreach (var thread in _threads)
            thread.Join();
        _stop.Dispose();
    }

    private void Work()
    {
        while (Begin() is { } batch)
        {
            var slot = SlotOf(batch);
            try
            {
                // The first batch is as large as any.
                slot.Data ??= new float[_plan.DataLength(0)];
                slot.Label ??= new long[_plan.LabelLength(0)];
                _plan.Fill(batch, slot.Data, slot.Label, _stop.Token);
            }
            catch (Exception e)
            {
                slot.Failure = ExceptionDispatchInfo.Capture(e);
            }

            lock (_gate)
            {
                slot.Ready = batch;
                Monitor.PulseAll(_gate);
            }
        }
    }

    // The next batch, as soon as there is a place for it; null when there is none, or no need of one.
    private int? Begin()
    {
        lock (_gate)
        {
            while (!_stop.IsCancellationRequested && _begun < _plan.Count && _begun - _taken >= _slots.Length)
                Monitor.Wait(_gate);
            return _stop.IsCancellationRequested || _begun >= _plan.Count ? null : _begun++;
        }
    }

    private Slot SlotOf(int batch) => _slots[batch % _slots.Length];

    // A batch's place, used again by every later batch of the same remainder.
    private sealed class Slot
    {
        public float[]? Data { get; set; }

        public long[]? Label { get; set; }

        public ExceptionDispatchInfo? Failure { get; set; }

        public int Ready { get; set; } = -1;
    }
}
