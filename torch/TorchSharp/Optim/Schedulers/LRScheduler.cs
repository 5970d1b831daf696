namespace TorchSharp;

public static partial class torch
{
    public static partial class optim
    {
        public static partial class lr_scheduler
        {
            /// <summary>Sets the learning rates of an optimizer's groups, epoch by epoch; the first step is taken at construction.</summary>
            public abstract class LRScheduler
            {
                protected int _step_count;

                private readonly Optimizer? optimizer;
                private readonly bool verbose;
                private List<double> lastRates = [];

                protected LRScheduler()
                {
                }

                protected LRScheduler(Optimizer optimizer, int last_epoch = -1, bool verbose = false)
                {
                    this.optimizer = optimizer;
                    this.verbose = verbose;
                    Epoch = last_epoch;
                    InitialRates = [.. optimizer.ParamGroups.Select(group => group.InitialLearningRate)];
                    lastRates = [.. Rates];
                }

                private protected int Epoch { get; private set; } = -1;

                private protected IReadOnlyList<double> InitialRates { get; } = [];

                private protected IEnumerable<double> Rates => optimizer!.ParamGroups.Select(group => group.LearningRate);

                public IEnumerable<double> get_last_lr() => lastRates;

                public virtual void step()
                {
                    _step_count++;
                    Epoch++;
                    Apply(get_lr());
                }

                /// <summary>Goes to an epoch; null is the next one.</summary>
                public virtual void step(int? epoch)
                {
                    if (epoch is not { } target)
                    {
                        step();
                        return;
                    }
                    _step_count++;
                    Epoch = target;
                    Apply(get_closed_form_lr());
                }

                public virtual void step(double current, int? epoch = null) => step(epoch);

                protected abstract IEnumerable<double> get_lr();

                protected virtual IEnumerable<double> get_closed_form_lr() => get_lr();

                private void Apply(IEnumerable<double> rates)
                {
                    var next = rates.ToList();
                    foreach (var (group, rate) in optimizer!.ParamGroups.Zip(next)) group.LearningRate = rate;
                    if (verbose && !next.SequenceEqual(lastRates)) Console.WriteLine($"Adjusting learning rate to {string.Join(", ", next)}");
                    lastRates = next;
                }
            }
        }
    }
}
