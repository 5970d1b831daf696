using System.Runtime.ExceptionServices;

namespace Px.Pruning.Models.Data.Pipeline;

// Threads that prepare the coming batches in managed memory while the consumer works on the present one. They touch no tensor.
internal sealed class BatchWorkers : IDisposable
{
    private readonly BatchPlan plan;
    private readonly Slot[] slots;
    private readonly Thread[] threads;
    private readonly CancellationTokenSource stop = new();
    private readonly object gate = new();
    private int begun, taken;

    internal BatchWorkers(BatchPlan plan, int workers)
    {
        this.plan = plan;
        slots = [.. Enumerable.Range(0, (int)Math.Min(2L * workers, plan.Count)).Select(_ => new Slot())];
        threads = [.. Enumerable.Range(1, Math.Min(workers, plan.Count))
            .Select(i => new Thread(Work) { IsBackground = true, Name = $"Px batches {i}" })];
        foreach (var thread in threads)
            thread.Start();
    }

    // Waits for a batch and copies it. Batches are taken in order, each once.
    // Throws what stopped the thread that prepared it.
    internal void Take(int batch, Span<float> data, Span<long> label)
    {
        var slot = SlotOf(batch);
        lock (gate)
        {
            while (slot.Ready != batch)
                Monitor.Wait(gate);
        }

        slot.Failure?.Throw();
        slot.Data.AsSpan(0, data.Length).CopyTo(data);
        slot.Label.AsSpan(0, label.Length).CopyTo(label);
        lock (gate)
        {
            taken = batch + 1;
            Monitor.PulseAll(gate);
        }
    }

    // Stops the threads after the picture that each is at, and waits until they are gone.
    public void Dispose()
    {
        stop.Cancel();
        lock (gate)
            Monitor.PulseAll(gate);
        foreach (var thread in threads)
            thread.Join();
        stop.Dispose();
    }

    private void Work()
    {
        while (Begin() is { } batch)
        {
            var slot = SlotOf(batch);
            try
            {
                // The first batch is as large as any.
                slot.Data ??= new float[plan.DataLength(0)];
                slot.Label ??= new long[plan.LabelLength(0)];
                plan.Fill(batch, slot.Data, slot.Label, stop.Token);
            }
            catch (Exception e)
            {
                slot.Failure = ExceptionDispatchInfo.Capture(e);
            }

            lock (gate)
            {
                slot.Ready = batch;
                Monitor.PulseAll(gate);
            }
        }
    }

    // The next batch, as soon as there is a place for it; null when there is none, or no need of one.
    private int? Begin()
    {
        lock (gate)
        {
            while (!stop.IsCancellationRequested && begun < plan.Count && begun - taken >= slots.Length)
                Monitor.Wait(gate);
            return stop.IsCancellationRequested || begun >= plan.Count ? null : begun++;
        }
    }

    private Slot SlotOf(int batch) => slots[batch % slots.Length];

    // A batch's place, used again by every later batch of the same remainder.
    private sealed class Slot
    {
        internal float[]? Data { get; set; }

        internal long[]? Label { get; set; }

        internal ExceptionDispatchInfo? Failure { get; set; }

        internal int Ready { get; set; } = -1;
    }
}
