namespace Px.Pruning.Models.Data.Pipeline;

// What the items of a data set are made of, and how one is made: read, cut out, normalised, labelled.
internal sealed record SampleSet
{
    internal required ISampleSource Source { get; init; }

    internal required SampleFormat Format { get; init; }

    // What each pixel value becomes: [channel × 256 + pixel].
    internal required float[] Table { get; init; }

    // The class of each of the source's pictures; null where their pixels have labels.
    internal int[]? Labels { get; init; }

    // The label of padding, where pixels have labels.
    internal byte IgnoreIndex { get; init; }

    internal long[] DataShape => [Source.Channels, Format.Height, Format.Width];

    internal long[] LabelShape => Labels is null ? [Format.Height, Format.Width] : [];

    internal int DataLength => Source.Channels * Format.Height * Format.Width;

    internal int LabelLength => Labels is null ? Format.Height * Format.Width : 1;

    // One item.
    // augmentation: how to change it; null for the middle, unchanged.
    // data: [C, H, W].
    // label: [1], or [H, W].
    internal void Write(int index, Augmentation? augmentation, RandomSequence random, Span<float> data, Span<long> label)
    {
        var sample = Source.Read(index);
        var (rows, columns) = Format.Of(sample);
        var plain = new Geometry(rows.Middle, columns.Middle, Flip: false, Labels is null ? Padding.Mean : Padding.Black);
        var geometry = augmentation?.Draw(plain, rows, columns, ref random) ?? plain;
        if (geometry.IsCopy)
            ImageKernel.Copy(sample, Table, data, Format.Height, Format.Width, geometry);
        else
            Resampler.Copy(sample, Table, data, Format.Height, Format.Width, geometry);
        if (Labels is null)
            ImageKernel.CopyMask(sample, label, Format.Height, Format.Width, geometry, IgnoreIndex);
        else
            label[0] = Labels[index];
    }
}
