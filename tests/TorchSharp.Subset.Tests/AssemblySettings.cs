// Seeds, thread counts and the default type are the process's, so tests take turns.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
