using Px.Experiments.Reports.Html;

namespace Px.Experiments.Tests.Reports.Html;

public sealed class MarkupTests
{
    [Fact]
    public void Of_Text_IsEscapedAndMarkupIsNot()
    {
        var inner = Markup.Of($"<b>{"<&\"'>"}</b>");

        inner.ToString().Should().Be("<b>&lt;&amp;&quot;&#x27;&gt;</b>");
        Markup.Of($"<p>{inner}{new[] { inner, inner }}</p>").ToString().Should().Be($"<p>{inner}{inner}{inner}</p>");
    }

    [Fact]
    public void Of_Numbers_AreCoordinates() => Markup.Of($"{1.0 / 3} {-2} {1e6}").ToString().Should().Be("0.33 -2 1000000");
}
