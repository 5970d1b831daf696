using System.Diagnostics;
using System.Net.Sockets;
using Px.Bytes;

namespace Px.Pruning.Tests.Bytes;

public sealed class AtomicFileTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("px-atomic-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private string File => Path.Combine(folder, "mask.safetensors");

    [Theory]
    [InlineData(UnixFileMode.UserRead | UnixFileMode.UserWrite)]
    [InlineData(UnixFileMode.UserRead)]
    [InlineData((UnixFileMode)0b110_110_110)] // more than a umask leaves to new files
    [InlineData((UnixFileMode)0b111_101_000)]
    public void Write_OverAFile_KeepsItsMode(UnixFileMode mode)
    {
        if (OperatingSystem.IsWindows()) return;
        System.IO.File.WriteAllText(File, "old");
        System.IO.File.SetUnixFileMode(File, mode);
        UnixFileMode? whileWriting = null;

        AtomicFile.Write(File, stream =>
        {
            stream.Write("new"u8);
            if (!OperatingSystem.IsWindows()) whileWriting = System.IO.File.GetUnixFileMode(((FileStream)stream).SafeFileHandle);
        });

        System.IO.File.GetUnixFileMode(File).Should().Be(mode);
        whileWriting.Should().Be(mode, "nobody else may read the unfinished file either");
        System.IO.File.ReadAllText(File).Should().Be("new");
    }

    [Fact]
    public void Write_NewFile_HasTheModeOfAnyNewFile()
    {
        if (OperatingSystem.IsWindows()) return;
        System.IO.File.WriteAllText(Path.Combine(folder, "other"), "");

        AtomicFile.Write(File, stream => stream.Write("new"u8));

        System.IO.File.GetUnixFileMode(File).Should().Be(System.IO.File.GetUnixFileMode(Path.Combine(folder, "other")));
    }

    /// <summary>Links to links, relative and absolute, to a file in another folder that is there or not.</summary>
    [Theory]
    [InlineData(true, true)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(false, false)]
    public void Write_SymbolicLink_IsFollowed(bool exists, bool relative)
    {
        if (OperatingSystem.IsWindows()) return;
        Directory.CreateDirectory(Path.Combine(folder, "data"));
        string target = Path.Combine(folder, "data", "real.safetensors"), second = Path.Combine(folder, "second");
        if (exists) System.IO.File.WriteAllText(target, "old");
        System.IO.File.CreateSymbolicLink(second, relative ? Path.Combine("data", "real.safetensors") : target);
        System.IO.File.CreateSymbolicLink(File, relative ? "second" : second);

        AtomicFile.Write(File, stream => stream.Write("new"u8));

        System.IO.File.ReadAllText(target).Should().Be("new");
        new FileInfo(target).LinkTarget.Should().BeNull();
        new FileInfo(File).LinkTarget.Should().NotBeNull();
        new FileInfo(second).LinkTarget.Should().NotBeNull();
        Directory.GetFiles(folder, "*", SearchOption.AllDirectories).Should().HaveCount(3);
    }

    [Fact]
    public void Write_WhatCannotBeWritten_IsAnIOException()
    {
        string inner = Path.Combine(folder, "inner");
        Directory.CreateDirectory(inner);
        string loop = Path.Combine(folder, "loop");
        if (!OperatingSystem.IsWindows()) System.IO.File.CreateSymbolicLink(loop, loop);

        foreach (string path in new[] { inner, Path.Combine(folder, "missing", "file"), Path.Combine(inner, "x", "..", "..", "missing", "file"), loop }.SkipLast(OperatingSystem.IsWindows() ? 1 : 0))
            ((Action)(() => AtomicFile.Write(path, stream => stream.Write("new"u8)))).Should().Throw<IOException>(path);

        Directory.EnumerateFiles(folder, "*.partial", SearchOption.AllDirectories).Should().BeEmpty();
    }

    /// <summary>What is no file is not replaced by one: who reads from a pipe would wait for ever, and a device would be gone.</summary>
    [Theory]
    [InlineData("pipe", false)]
    [InlineData("pipe", true)]
    [InlineData("socket", false)]
    [InlineData("device", true)]
    public void Write_PipeSocketOrDevice_IsAnIOExceptionAndStays(string kind, bool linked)
    {
        if (OperatingSystem.IsWindows()) return;
        string path = Path.Combine(folder, kind);
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        if (kind == "pipe") Process.Start("mkfifo", [path]).WaitForExit();
        else if (kind == "socket") socket.Bind(new UnixDomainSocketEndPoint(path));
        else path = "/dev/null";
        if (linked) System.IO.File.CreateSymbolicLink(File, path);
        bool wrote = false;

        var act = () => AtomicFile.Write(linked ? File : path, _ => wrote = true);

        act.Should().Throw<IOException>().WithMessage("*is a pipe, a device or a socket. What is saved replaces a file*");
        wrote.Should().BeFalse();
        PlainFile.Problem(path).Should().Be("is a pipe, a device or a socket.", "it is still there");
    }

    [Fact]
    public void Problem_FilesAndNothing_IsNull()
    {
        System.IO.File.WriteAllText(File, "");
        PlainFile.Problem(File).Should().BeNull("an empty file is a file");
        using (new FileStream(File, FileMode.Open, FileAccess.ReadWrite, FileShare.None))
            PlainFile.Problem(File).Should().BeNull("so is one that somebody has just made and locked");
        PlainFile.Problem(Path.Combine(folder, "missing")).Should().BeNull();
        PlainFile.Problem(folder).Should().Be("is a folder.");
        AtomicFile.Write(File, stream => stream.Write("new"u8));
        PlainFile.Problem(File).Should().BeNull();
        if (OperatingSystem.IsWindows()) return;
        foreach (var (link, target) in new[] { ("link", File), ("nowhere", "nothing"), ("itself", "itself") })
        {
            System.IO.File.CreateSymbolicLink(Path.Combine(folder, link), target);
            PlainFile.Problem(Path.Combine(folder, link)).Should().BeNull(link);
        }
    }

    [Fact]
    public void Write_FolderWithoutPermission_IsAnIOException()
    {
        // The system's administrator may write everywhere.
        if (OperatingSystem.IsWindows() || Environment.IsPrivilegedProcess) return;
        System.IO.File.SetUnixFileMode(folder, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        try
        {
            ((Action)(() => AtomicFile.Write(File, stream => stream.Write("new"u8)))).Should().Throw<IOException>();
        }
        finally
        {
            System.IO.File.SetUnixFileMode(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }

    [Fact]
    public void Write_AfterKilledSaves_RemovesWhatIsNobodys()
    {
        string Partial(string name, double hours)
        {
            string path = Path.Combine(folder, $"{name}.{Guid.NewGuid():N}.partial");
            System.IO.File.WriteAllText(path, "half");
            System.IO.File.SetLastWriteTimeUtc(path, DateTime.UtcNow.AddHours(-hours));
            return path;
        }

        string killed = Partial("mask.safetensors", hours: 2), another = Partial("mask.safetensors", hours: 200);
        string fresh = Partial("mask.safetensors", hours: 0.9), written = Partial("mask.safetensors", hours: 2);
        string others = Partial("other.safetensors", hours: 2), longer = Partial("mask.safetensors.old", hours: 2), unlike = Path.Combine(folder, "mask.safetensors.mine.partial");
        System.IO.File.WriteAllText(unlike, "a file of the user's");
        System.IO.File.SetLastWriteTimeUtc(unlike, DateTime.UtcNow.AddHours(-2));

        using (new FileStream(written, FileMode.Open, FileAccess.Write, FileShare.None))
            AtomicFile.Write(File, stream => stream.Write("new"u8));

        Directory.GetFiles(folder).Should().BeEquivalentTo([File, fresh, written, others, longer, unlike]);
        AtomicFile.Write(File, stream => stream.Write("newer"u8));
        Directory.GetFiles(folder).Should().BeEquivalentTo([File, fresh, others, longer, unlike], "nobody writes to it any more");
    }

    /// <summary>That the folder is found and flushed; the order of the calls was seen with strace: fsync, rename, open, fsync.</summary>
    [Fact]
    public void FlushFolder_OnUnix_Succeeds()
    {
        AtomicFile.FlushFolder(folder).Should().Be(!OperatingSystem.IsWindows());
        AtomicFile.FlushFolder(Path.Combine(folder, "missing")).Should().BeFalse();
    }
}
