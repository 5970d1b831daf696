// The tests look at torch's global random state and at counts of live tensors.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
