using System.Globalization;
using Px.Experiments.Tests.Support;

namespace Px.Experiments.Tests.Reports;

/// <summary>Opens the page in a browser, and looks.</summary>
public sealed class ReportBrowserTests(OpenReport report) : IClassFixture<OpenReport>
{
    private const string Cells = "#cells table";
    private const string OpenAll = "document.querySelectorAll('details').forEach(details => { details.open = true; }), true";

    private static readonly int Pruned = MadeUp.Methods.Count * MadeUp.Sparsities.Count;

    [BrowserFact]
    public async Task Page_Opened_ComplainsOfNothingAndAsksForNothing()
    {
        var page = await report.OpenAsync();

        await page.EvaluateAsync<int>("document.querySelectorAll('details').forEach(details => { details.open = true; }), new Promise(done => setTimeout(() => done(0), 200))");

        page.Complaints.Should().BeEmpty();
        page.Requests.Should().OnlyContain(url => url.StartsWith("file:") || url.StartsWith("data:")).And.ContainSingle(url => url.StartsWith("file:"));
        (await page.EvaluateAsync<bool>("window.hacked === undefined && document.scripts.length === 1 && document.images.length === 0")).Should().BeTrue();
    }

    [BrowserFact]
    public async Task Charts_HaveAPointForEveryResult()
    {
        var page = await report.OpenAsync();

        (await CountAsync(page, "main > figure .line-chart .pt")).Should().Be(Pruned);
        (await CountAsync(page, "#accuracy .dot-plot .pt")).Should().Be(Pruned + MadeUp.Sparsities.Count, "the dense network is a row of each");
        (await CountAsync(page, "main > figure .line-chart .seed")).Should().Be(Pruned * MadeUp.Seeds.Count);
        (await CountAsync(page, "rect.band, line.band")).Should().Be(2 * (1 + MadeUp.Sparsities.Count));
        (await CountAsync(page, "line.level")).Should().Be(1 + MadeUp.Sparsities.Count);
        (await CountAsync(page, "#layers .bars .pt")).Should().Be(Pruned * MadeUp.LayerCount);
        (await CountAsync(page, "#spectra .spectrum .pt")).Should().Be(MadeUp.Methods.Count * 4);
        (await CountAsync(page, "#overlap td")).Should().Be(MadeUp.Sparsities.Count * MadeUp.Methods.Count * MadeUp.Methods.Count);
        (await CountAsync(page, "#cells tbody tr")).Should().Be((Pruned + 1) * MadeUp.Seeds.Count);
    }

    [BrowserFact]
    public async Task Charts_PointsLieInTheirPlotsInTheOrderOfTheirValues()
    {
        var page = await report.OpenAsync();

        (await page.EvaluateAsync<bool>("""
            [...document.querySelectorAll("svg.plot")].filter(plot => plot.checkVisibility()).every(plot => {
              const frame = plot.getBoundingClientRect();
              return [...plot.querySelectorAll(".pt")].every(point => {
                const box = point.getBoundingClientRect();
                return box.left >= frame.left - 8 && box.right <= frame.right + 8 && box.top >= frame.top - 8 && box.bottom <= frame.bottom + 8;
              });
            })
            """)).Should().BeTrue();
        (await page.EvaluateAsync<double[]>("[...document.querySelectorAll('#accuracy .dot-plot')][0].querySelectorAll('.pt').values().map(point => point.getBoundingClientRect().x).toArray()"))
            .Should().BeInDescendingOrder();
    }

    [BrowserFact]
    public async Task Header_Clicked_SortsNumbersAsNumbersBothWays()
    {
        var page = await report.OpenAsync();
        await page.EvaluateAsync<bool>(OpenAll);
        var after = MadeUp.Grid().Select(result => result.Training.After).Order().ToList();

        await page.ClickAsync($"{Cells} th:nth-child(6) button");
        (await ColumnAsync(page, 6)).Should().HaveCount(26).And.BeInDescendingOrder();
        await page.ClickAsync($"{Cells} th:nth-child(6) button");
        (await ColumnAsync(page, 6)).Zip(after).Should().OnlyContain(pair => Math.Abs(pair.First - pair.Second) < 1e-6);
        (await page.EvaluateAsync<string>($"document.querySelector('{Cells} th:nth-child(6)').getAttribute('aria-sort')")).Should().Be("ascending");

        // 8 and 38 kept weights, and 1,280: as words they would have another order. The dense networks have none, and come last.
        await page.ClickAsync($"{Cells} th:nth-child(7) button");
        (await ColumnAsync(page, 7))[..24].Should().BeInDescendingOrder();
        (await page.EvaluateAsync<string[]>($"[...document.querySelectorAll('{Cells} tbody tr')].slice(24).map(row => row.cells[0].textContent.trim())")).Should().Equal("dense", "dense");
        (await page.EvaluateAsync<int>($"document.querySelectorAll('{Cells} [aria-sort]').length")).Should().Be(1);
    }

    [BrowserFact]
    public async Task Header_EnterPressed_SortsWords()
    {
        var page = await report.OpenAsync();
        await page.EvaluateAsync<bool>(OpenAll);

        await page.EvaluateAsync<bool>($"document.querySelector('{Cells} th button').focus(), true");
        await page.PressAsync("Enter", 13, "\r");

        (await page.EvaluateAsync<string[]>($"[...document.querySelectorAll('{Cells} tbody th')].map(cell => cell.textContent.trim())")).Should()
            .HaveCount(26).And.BeInAscendingOrder(StringComparer.OrdinalIgnoreCase);
    }

    [BrowserFact]
    public async Task Point_PointedAt_ShowsItsValues()
    {
        var page = await report.OpenAsync();
        var best = MadeUp.Grid().Where(result => result.Cell is { Method: "px", Sparsity: 0.98 }).Select(result => result.Training.After).ToList();

        await page.PointAtAsync("#accuracy figure.panel:last-child [data-s=px] .pt");

        (await TipAsync(page)).Should().StartWith("PX, 98 % removed: ").And.Contain(string.Create(CultureInfo.InvariantCulture, $"seed 1: {100 * best[0]:F2} %, seed 2: {100 * best[1]:F2} %"));
        (await page.EvaluateAsync<bool>("(() => { const box = document.getElementById('tip').getBoundingClientRect(); return box.left >= 0 && box.right <= innerWidth && box.top >= 0 && box.bottom <= innerHeight; })()")).Should().BeTrue();
        await page.PointAtAsync("h1");
        (await TipAsync(page)).Should().BeNull();
    }

    [BrowserFact]
    public async Task Point_Focused_ShowsItsValuesAndArrowsGoOn()
    {
        var page = await report.OpenAsync();

        await page.EvaluateAsync<bool>("document.querySelector('#layers .bars .pt').focus(), true");
        (await TipAsync(page)).Should().Be("conv1: 14 of 16 units (13 on a path), 2.00 % of the weights");
        await page.PressAsync("ArrowRight", 39);
        (await TipAsync(page)).Should().StartWith("layer1.0.conv1: ");
        (await page.EvaluateAsync<bool>("[...document.querySelectorAll('svg.plot')].every(plot => plot.querySelectorAll('.pt[tabindex=\"0\"]').length === 1)")).Should().BeTrue("a chart is one stop of the tab key");
        await page.PressAsync("Escape", 27);
        (await TipAsync(page)).Should().BeNull();
    }

    [BrowserFact]
    public async Task Legend_PressedByMouseOrKey_SwitchesAMethodOffAndOnInEveryChart()
    {
        var page = await report.OpenAsync();
        await page.EvaluateAsync<bool>(OpenAll);
        const string Button = ".legend button[data-s=snip]";
        const string Seen = "[...document.querySelectorAll('.plot .pt')].filter(point => point.closest('[data-s=snip]') && point.getClientRects().length > 0).length";
        var all = await page.EvaluateAsync<int>(Seen);

        await page.ClickAsync(Button);
        (await page.EvaluateAsync<int>(Seen)).Should().Be(0);
        (await page.EvaluateAsync<int>("[...document.querySelectorAll('.line-chart path, .line-chart .names g')].filter(line => line.dataset.s === 'snip' && line.getClientRects().length > 0).length")).Should().Be(0);
        (await page.EvaluateAsync<string>($"document.querySelector('{Button}').getAttribute('aria-pressed')")).Should().Be("false");
        await page.EvaluateAsync<bool>($"document.querySelector('{Button}').focus(), true");
        await page.PressAsync("Enter", 13, "\r");
        (await page.EvaluateAsync<int>(Seen)).Should().Be(all).And.BePositive();

        await page.ClickAsync(".legend [data-every=false]");
        (await page.EvaluateAsync<int>("[...document.querySelectorAll('.plot .pt')].filter(point => point.getClientRects().length > 0).length")).Should().Be(0);
        await page.ClickAsync(".legend [data-every=true]");
        (await page.EvaluateAsync<int>(Seen)).Should().Be(all);
    }

    [BrowserFact]
    public async Task Legend_PointedAt_PutsAMethodBeforeTheOthers()
    {
        var page = await report.OpenAsync();
        const string Faint = "[...document.querySelectorAll('.line-chart > g[data-s]')].filter(line => getComputedStyle(line).opacity < 0.5).length";

        await page.PointAtAsync(".legend button[data-s=snip]");
        (await page.EvaluateAsync<int>(Faint)).Should().Be(MadeUp.Methods.Count, "three methods and the dense network");
        await page.PointAtAsync("h1");
        (await page.EvaluateAsync<int>(Faint)).Should().Be(0);
    }

    [BrowserFact]
    public async Task Labels_WideOrNarrow_NeitherCollideNorAreStruckThrough()
    {
        foreach (var width in (int[])[390, 1280])
        {
            var page = await report.OpenAsync(width);
            await page.EvaluateAsync<bool>(OpenAll);

            (await page.EvaluateAsync<string[]>("""
                [...document.querySelectorAll("svg.plot")].filter(plot => plot.checkVisibility()).flatMap(plot => {
                  const texts = [...plot.querySelectorAll("text")].filter(text => text.getClientRects().length > 0).map(text => ({ text: text.textContent, box: text.getBoundingClientRect() }));
                  const lines = [...plot.querySelectorAll("line.band, line.level")].map(line => ({ text: line.getAttribute("class"), box: line.getBoundingClientRect() }));
                  const meet = (a, b) => a.left < b.right - 0.5 && b.left < a.right - 0.5 && a.top < b.bottom - 2 && b.top < a.bottom - 2;
                  const through = (a, b) => a.left <= b.right && b.left <= a.right && a.top <= b.bottom && b.top <= a.bottom;
                  return texts.flatMap((one, i) => [...texts.slice(i + 1).filter(other => meet(one.box, other.box)), ...lines.filter(line => through(one.box, line.box))].map(other => `${one.text} | ${other.text}`));
                })
                """)).Should().BeEmpty($"the page is {width} pixels wide");
            (await page.EvaluateAsync<bool>("[...document.querySelectorAll('.legend button')].every(button => { const box = button.getBoundingClientRect(); return box.left >= 0 && box.right <= innerWidth; })")).Should().BeTrue();
        }
    }

    [BrowserFact]
    public async Task Text_InBothSchemes_HasEnoughContrast()
    {
        foreach (var dark in (bool[])[false, true])
        {
            var page = await report.OpenAsync(dark: dark);
            var faint = await page.EvaluateAsync<string[]>(Contrast);
            faint.Should().BeEmpty(dark ? "the dark page is read, too" : "the light page is read, too");
            (await page.EvaluateAsync<int>("document.querySelectorAll('td').length")).Should().BePositive();
        }
    }

    [BrowserFact]
    public async Task Page_NarrowOrWide_DoesNotScrollSideways()
    {
        foreach (var width in (int[])[390, 1400])
        {
            var page = await report.OpenAsync(width);
            await page.EvaluateAsync<bool>(OpenAll);

            (await page.EvaluateAsync<int>("document.documentElement.clientWidth")).Should().Be(width);
            (await page.EvaluateAsync<int>("document.documentElement.scrollWidth")).Should().BeLessThanOrEqualTo(width);
        }
    }

    [BrowserFact]
    public async Task Points_OfAllCharts_AreNamed()
    {
        var page = await report.OpenAsync();

        (await page.EvaluateAsync<bool>("document.querySelectorAll('.pt').length > 50 && [...document.querySelectorAll('.pt')].every(point => point.getAttribute('aria-label').length > 5 && point.getAttribute('role') === 'img')")).Should().BeTrue();
        (await page.EvaluateAsync<bool>("[...document.querySelectorAll('svg.plot')].every(plot => plot.getAttribute('aria-label').length > 5)")).Should().BeTrue();
        (await page.EvaluateAsync<bool>("[...document.querySelectorAll('table')].every(table => table.caption.textContent.length > 5)")).Should().BeTrue();
    }

    // WCAG 2: relative luminances of what is seen, each text against the nearest background that is not transparent; 4.5 is asked of text of any size.
    private const string Contrast = """
        (() => {
          document.querySelectorAll("details").forEach(details => { details.open = true; });
          const context = Object.assign(document.createElement("canvas"), { width: 1, height: 1 }).getContext("2d", { willReadFrequently: true });
          const rgba = color => { context.clearRect(0, 0, 1, 1); context.fillStyle = color; context.fillRect(0, 0, 1, 1); return [...context.getImageData(0, 0, 1, 1).data]; };
          const luminance = color => { const [r, g, b] = rgba(color).slice(0, 3).map(v => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
          const behind = element => { for (; element; element = element.parentElement) { const color = getComputedStyle(element).backgroundColor; if (rgba(color)[3] === 255) return color; } return "white"; };
          const faint = new Set();
          for (const element of document.querySelectorAll("body *")) {
            if (element.closest("script, title, #tip") || ![...element.childNodes].some(node => node.nodeType === 3 && node.data.trim())) continue;
            const style = getComputedStyle(element), ink = luminance(element.namespaceURI.endsWith("svg") ? style.fill : style.color), paper = luminance(behind(element));
            const contrast = (Math.max(ink, paper) + 0.05) / (Math.min(ink, paper) + 0.05);
            if (contrast < 4.5) faint.add(`${element.tagName}.${element.getAttribute("class")} in ${element.parentElement.className?.baseVal ?? element.parentElement.className}: ${contrast.toFixed(2)} (${element.textContent.slice(0, 20)})`);
          }
          return [...faint];
        })()
        """;

    private static Task<int> CountAsync(BrowserPage page, string selector) => page.EvaluateAsync<int>($"document.querySelectorAll('{selector}').length");

    private static Task<double[]> ColumnAsync(BrowserPage page, int column) =>
        page.EvaluateAsync<double[]>($"[...document.querySelectorAll('{Cells} tbody td:nth-child({column})')].filter(cell => cell.dataset.v !== undefined).map(cell => Number(cell.dataset.v))");

    private static Task<string?> TipAsync(BrowserPage page) => page.EvaluateAsync<string?>("document.getElementById('tip').hidden ? null : document.getElementById('tip').textContent");
}
