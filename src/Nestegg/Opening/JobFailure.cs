using System.Data.Common;
using Microsoft.Data.Sqlite;
using Nestegg.Ente;
using Nestegg.Ente.Api;
using Nestegg.Ente.Scratch;
using Nestegg.Instance;

namespace Nestegg.Opening;

/// <summary>
/// The border of the jobs: whatever the library about Ente, a temporary database or the file system throws leaves a job as a
/// <see cref="NesteggException"/> with its kind.
/// </summary>
internal static class JobFailure
{
    public static async Task<T> GuardAsync<T>(Func<Task<T>> job)
    {
        try
        {
            return await job();
        }
        catch (EnteException failure)
        {
            var kind = failure is MuseumException or ScratchException ? FailureKind.OutOfReach : FailureKind.BadInput;
            throw new NesteggException(kind, failure.Message, failure.Hint, failure);
        }
        catch (SqliteException failure)
        {
            var scratch = new ScratchException(ScratchFolder.SystemFolder, failure);
            throw new NesteggException(FailureKind.OutOfReach, scratch.Message, scratch.Hint, failure);
        }
        catch (DbException failure)
        {
            var (what, hint) = DatabaseFailure.Describe(failure);
            throw new NesteggException(FailureKind.OutOfReach, $"the database {what}", hint, failure);
        }
        catch (Exception failure) when (SystemWords.IsOfFiles(failure))
        {
            throw new NesteggException(
                FailureKind.OutOfReach, SystemWords.WithPath(failure),
                "look at the path and at who may use it, and run the command again", failure);
        }
    }
}
