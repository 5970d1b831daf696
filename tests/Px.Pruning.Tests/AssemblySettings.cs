// The tests look at torch's global random state, which is one for the whole process.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
