namespace Px.Pruning.Models.Data.Downloads;

// Passes on what progress is told. What it throws is the caller's: inside another exception nothing that handles broken connections or
// files takes it for one of those.
internal sealed class CallersProgress(IProgress<DownloadProgress> progress) : IProgress<DownloadProgress>
{
    public void Report(DownloadProgress value)
    {
        try
        {
            progress.Report(value);
        }
        catch (Exception e)
        {
            throw new CallersException(e);
        }
    }
}

// Holds an exception of the caller's on its way back to the caller.
internal sealed class CallersException(Exception inner) : Exception(inner.Message, inner);
