using System;
using System.IO;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Build.Framework;
using Microsoft.Build.Utilities;

/// <summary>Marks one version that an ELF library requires of another as weak, where this system's libstdc++ lacks it. Compiled by MSBuild.</summary>
public class WeakenVersionRequirement : Task
{
    private const int VersionRequirements = 0x6ffffffe; // SHT_GNU_verneed
    private const ushort Weak = 2; // VER_FLG_WEAK

    public string Library { get; set; }

    public string Version { get; set; }

    public string Symbol { get; set; }

    public bool Always { get; set; }

    public override bool Execute()
    {
        byte[] bytes = File.ReadAllBytes(Library);
        if (bytes.Length < 64 || BitConverter.ToUInt32(bytes, 0) != 0x464c457f || bytes[4] != 2 || bytes[5] != 1)
        {
            Log.LogError(Library + " is no 64-bit little-endian ELF file.");
            return false;
        }

        int flags = Find(bytes);
        if (flags < 0 || (bytes[flags] & Weak) != 0 || (!Always && SystemHasIt())) return true;
        bytes[flags] |= (byte)Weak;
        // Written anew beside it and moved: the old file may be a hard link into the package cache. The time tells MSBuild that it is up to date.
        string fresh = Library + ".weak";
        File.WriteAllBytes(fresh, bytes);
        File.SetLastWriteTimeUtc(fresh, File.GetLastWriteTimeUtc(Library));
        File.Delete(Library);
        File.Move(fresh, Library);
        Log.LogMessage(MessageImportance.High, "{0}: this system's libstdc++ lacks {1}, which the library requires and does not use; marked as weak.", Library, Version);
        return true;
    }

    /// <summary>Where the flags of the requirement lie in the file; -1 where there is no such requirement.</summary>
    private int Find(byte[] bytes)
    {
        long sections = BitConverter.ToInt64(bytes, 0x28);
        int size = BitConverter.ToUInt16(bytes, 0x3a), count = BitConverter.ToUInt16(bytes, 0x3c);
        for (int i = 0; i < count; i++)
        {
            int section = (int)sections + i * size;
            if (BitConverter.ToInt32(bytes, section + 4) != VersionRequirements) continue;
            int names = Offset(bytes, (int)sections + BitConverter.ToInt32(bytes, section + 40) * size);
            for (int file = Offset(bytes, section), next = 1; next != 0; file += next)
            {
                next = BitConverter.ToInt32(bytes, file + 12);
                for (int entry = file + BitConverter.ToInt32(bytes, file + 8), more = 1; more != 0; entry += more)
                {
                    more = BitConverter.ToInt32(bytes, entry + 12);
                    int name = names + BitConverter.ToInt32(bytes, entry + 8);
                    if (Encoding.ASCII.GetString(bytes, name, Array.IndexOf(bytes, (byte)0, name) - name) == Version) return entry + 4;
                }
            }
        }

        return -1;
    }

    private static int Offset(byte[] bytes, int section) => (int)BitConverter.ToInt64(bytes, section + 24);

    private bool SystemHasIt()
    {
        IntPtr library = dlopen("libstdc++.so.6", 1);
        return library != IntPtr.Zero && dlvsym(library, Symbol, Version) != IntPtr.Zero;
    }

    [DllImport("libdl.so.2")]
    private static extern IntPtr dlopen(string name, int flags);

    [DllImport("libdl.so.2")]
    private static extern IntPtr dlvsym(IntPtr library, string symbol, string version);
}
