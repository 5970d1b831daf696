using System.Text.Json;
using Px.Pruning.Models.Data;
using Px.Pruning.Models.Data.Pipeline;
using Px.Pruning.Models.Tests.Support;

namespace Px.Pruning.Models.Tests.Data;

public sealed class ResizedCropTests
{
    private const int Height = 13, Width = 17;

    private static readonly JsonElement Golden = JsonDocument.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Reference", "resized_crop.json"))).RootElement;

    // As in Reference/resized_crop.py.
    private static readonly Sample Picture = new() { Pixels = Formula(), Mask = Formula(), Height = Height, Width = Width };

    [Fact]
    public void Resampler_PiecesOfAPicture_AreTorchvisions()
    {
        foreach (var crop in Golden.GetProperty("crops").EnumerateArray())
        {
            var (box, size) = (Numbers(crop.GetProperty("box")), Numbers(crop.GetProperty("size")));
            var result = Resample(size[0], size[1], new Axis(box[0], box[2], size[0], 0), new Axis(box[1], box[3], size[1], 0));
            ShouldBe(result, crop);
        }

        Golden.GetProperty("crops").GetArrayLength().Should().Be(7);
    }

    [Fact]
    public void Format_WithAShorterSide_IsTorchvisionsResizeAndCenterCrop()
    {
        foreach (var middle in Golden.GetProperty("middles").EnumerateArray())
        {
            var size = Numbers(middle.GetProperty("size"));
            var (rows, columns) = new SampleFormat(size[0], size[1], middle.GetProperty("side").GetInt32()).Of(Picture);
            ShouldBe(Resample(size[0], size[1], rows.Middle, columns.Middle), middle);
        }

        Golden.GetProperty("middles").GetArrayLength().Should().Be(5);
    }

    [Fact]
    public void CopyMask_Resized_IsTorchsNearestExact()
    {
        foreach (var mask in Golden.GetProperty("masks").EnumerateArray())
        {
            var size = Numbers(mask.GetProperty("size"));
            var target = new long[size[0] * size[1]];
            ImageKernel.CopyMask(Picture, target, size[0], size[1], new Geometry(new Axis(0, Height, size[0], 0), new Axis(0, Width, size[1], 0), false, Padding.Mean), fill: 0);
            target.Should().Equal(Numbers(mask.GetProperty("values")).Select(value => (long)value));
        }

        Golden.GetProperty("masks").GetArrayLength().Should().Be(4);
    }

    [Fact]
    public void Resampler_WithNothingToResize_IsTheCopy()
    {
        var geometry = new Geometry(new Axis(2, 9, 9, -1), new Axis(0, Width, Width, 3), Flip: true, Padding.Black);
        var (copied, resampled) = (new float[11 * 16], new float[11 * 16]);
        var table = new ImageNormalization { Mean = [0.3], Std = [0.2] }.Table(1);
        ImageKernel.Copy(Picture, table, copied, 11, 16, geometry);
        Resampler.Copy(Picture, table, resampled, 11, 16, geometry);
        resampled.Should().Equal(copied);
        copied[..16].Should().OnlyContain(value => value == table[0]);
    }

    [Fact]
    public void Batches_OfThePapersSetting_ArePiecesWithinItsBounds()
    {
        // Red is the row, green the column, of 64 × 64 pixels: what a crop shows says which piece it is.
        const int side = 64, epochs = 2000;
        var pixels = new byte[3 * side * side];
        for (var i = 0; i < side * side; i++)
            (pixels[i], pixels[(side * side) + i]) = ((byte)(i / side), (byte)(i % side));
        var dataset = new ImageDataset(ImageDatasetTests.Store(pixels, [0], 3, side, side), ImageNormalization.None);
        var augmentation = new ResizedCrop { MinimumScale = 0.1, MinimumRatio = 0.8, MaximumRatio = 1.25 };
        var (areas, ratios, flips) = (new List<double>(), new List<double>(), 0);
        for (var epoch = 0; epoch < epochs; epoch++)
        {
            foreach (var (data, _) in dataset.Batches(new ImageBatchOptions { Epoch = epoch, Augmentation = augmentation }))
            {
                var values = data.Floats();
                // Corners of a crop of h rows that is enlarged: its first and last row exactly.
                var height = Math.Round((values[(side - 1) * side] - values[0]) * 255) + 1;
                var signed = Math.Round((values[(side * side) + side - 1] - values[side * side]) * 255);
                var width = Math.Abs(signed) + 1;
                flips += signed < 0 ? 1 : 0;
                areas.Add(height * width / (side * side));
                ratios.Add(width / height);
            }
        }

        areas.Min().Should().BeInRange(0.09, 0.13);
        areas.Max().Should().BeInRange(0.95, 1);
        areas.Average().Should().BeInRange(0.478, 0.522, "areas are even in 0.1 to 0.8, and thin out above as fewer shapes fit: 0.4997 ± 4 standard deviations of 0.0054");
        ratios.Should().OnlyContain(ratio => ratio > 0.75 && ratio < 1.34); // 0.8 to 1.25, rounded to whole pixels of 19 or more
        flips.Should().BeInRange(910, 1090); // 1000 ± 4 standard deviations of 22
    }

    [Theory]
    [InlineData(2, 40, 2, 3)] // wider than 4/3
    [InlineData(40, 2, 3, 2)] // narrower than 3/4
    public void Draw_WhereNoPieceFits_TakesTheLargestMiddle(int height, int width, int expectedHeight, int expectedWidth)
    {
        // Whole area, but no ratio near that of the image.
        var random = new RandomSequence(1, 1);
        var augmentation = new ResizedCrop { MinimumScale = 1, HorizontalFlip = false };
        var geometry = augmentation.Draw(default, new Extent(height, height, 8), new Extent(width, width, 8), ref random);
        geometry.Rows.Should().Be(new Axis((height - expectedHeight) / 2, expectedHeight, 8, 0));
        geometry.Columns.Should().Be(new Axis((width - expectedWidth) / 2, expectedWidth, 8, 0));
        geometry.Flip.Should().BeFalse();
    }

    public static TheoryData<Augmentation> Bad => new(
        new ResizedCrop { MinimumScale = 0 },
        new ResizedCrop { MinimumScale = double.NaN },
        new ResizedCrop { MaximumScale = 1.1 },
        new ResizedCrop { MinimumRatio = 2 },
        new ResizedCrop { MaximumRatio = double.PositiveInfinity },
        new ScaledCrop { MinimumScale = 3 },
        new ScaledCrop { MinimumScale = double.NaN },
        new ScaledCrop { MaximumScale = 17 },
        new PaddedCrop { Padding = 10_001 });

    [Theory]
    [MemberData(nameof(Bad))]
    public void Batches_AnAugmentationOutsideItsRange_IsRefusedAtOnce(Augmentation augmentation) =>
        FluentActions.Invoking(() => ImageDatasetTests.Random(1).Batches(new ImageBatchOptions { Augmentation = augmentation })).Should().Throw<ArgumentOutOfRangeException>();

    private static byte[] Formula() =>
        [.. Enumerable.Range(0, Height * Width).Select(i => (y: i / Width, x: i % Width)).Select(at => (byte)((7 * at.y * at.y) + (13 * at.x) + (31 * at.x * at.y) + 5))];

    private static float[] Resample(int height, int width, Axis rows, Axis columns)
    {
        var target = new float[height * width];
        Resampler.Copy(Picture, ImageNormalization.None.Table(1), target, height, width, new Geometry(rows, columns, Flip: false, Padding.Black));
        return target;
    }

    private static void ShouldBe(float[] result, JsonElement golden)
    {
        var expected = golden.GetProperty("values").EnumerateArray().Select(value => value.GetDouble()).ToArray();
        result.Should().HaveCount(expected.Length);
        result.Zip(expected).Max(pair => Math.Abs(pair.First - pair.Second)).Should().BeLessThan(1e-6);
    }

    private static int[] Numbers(JsonElement array) => [.. array.EnumerateArray().Select(value => value.GetInt32())];
}
