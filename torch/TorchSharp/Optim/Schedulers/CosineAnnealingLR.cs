namespace TorchSharp;

public static partial class torch
{
    public static partial class optim
    {
        public static partial class lr_scheduler
        {
            public static partial class impl
            {
                /// <summary>Down to <c>eta_min</c> along half a cosine, and up again.</summary>
                public class CosineAnnealingLR : LRScheduler
                {
                    private readonly double T_max;
                    private readonly double eta_min;

                    public CosineAnnealingLR(Optimizer optimizer, double T_max, double eta_min = 0, int last_epoch = -1, bool verbose = false) : base(optimizer, last_epoch, verbose)
                    {
                        this.T_max = T_max;
                        this.eta_min = eta_min;
                        step();
                    }

                    protected override IEnumerable<double> get_lr() => Rates.Zip(InitialRates, (rate, initial) =>
                    {
                        if (Epoch == 0) return rate;
                        if ((Epoch - 1 - T_max) % (2 * T_max) == 0) return rate + ((initial - eta_min) * (1 - Math.Cos(Math.PI / T_max)) / 2);
                        return ((1 + Math.Cos(Math.PI * Epoch / T_max)) / (1 + Math.Cos(Math.PI * (Epoch - 1) / T_max)) * (rate - eta_min)) + eta_min;
                    });

                    protected override IEnumerable<double> get_closed_form_lr() => InitialRates.Select(initial => eta_min + ((initial - eta_min) * (1 + Math.Cos(Math.PI * Epoch / T_max)) / 2));
                }
            }
        }
    }
}
