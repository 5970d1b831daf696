namespace TorchSharp;

public static partial class torch
{
    public static partial class optim
    {
        public static partial class lr_scheduler
        {
            public static partial class impl
            {
                /// <summary>Down to zero over <c>total_iters</c> epochs along a power.</summary>
                public class PolynomialLR : LRScheduler
                {
                    private readonly int total_iters;
                    private readonly double power;

                    public PolynomialLR(Optimizer optimizer, int total_iters = 5, double power = 1, int last_epoch = -1, bool verbose = false) : base(optimizer, last_epoch, verbose)
                    {
                        this.total_iters = total_iters;
                        this.power = power;
                        step();
                    }

                    protected override IEnumerable<double> get_lr() => Epoch == 0 || Epoch > total_iters ? Rates : Rates.Select(rate => rate * Math.Pow((1.0 - ((double)Epoch / total_iters)) / (1.0 - ((double)(Epoch - 1) / total_iters)), power));

                    protected override IEnumerable<double> get_closed_form_lr() => InitialRates.Select(rate => rate * Math.Pow(1.0 - ((double)Math.Min(total_iters, Epoch) / total_iters), power));
                }
            }
        }
    }
}
