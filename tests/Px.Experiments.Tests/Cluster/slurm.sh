#!/usr/bin/env bash
# A Slurm of one node on loopback that lives as long as this script's standard input stays open. Prints the path of its configuration, for
# SLURM_CONF, once it takes jobs. When it ends, for whatever reason, no process and no file of it stays. Debian: slurm-wlm, munge.
set -euo pipefail
PATH=$PATH:/usr/sbin:/sbin

folder=$(mktemp -d "${TMPDIR:-/tmp}/px-slurm.XXXXXX")
chmod 755 "$folder"
conf=$folder/slurm.conf
node=${HOSTNAME%%.*}
user=$(id -un)

# Daemons, jobs and clients all have this configuration in their environment, and nothing else has.
processes() {
    grep -lsxzF "SLURM_CONF=$conf" /proc/[0-9]*/environ | cut -d / -f 3 || true
}

stop() {
    local i ids
    for ((i = 0; i < 200; i++)); do
        ids=$(processes)
        [[ -n $ids ]] || break
        # shellcheck disable=SC2086 # one word each
        kill -KILL $ids 2>/dev/null || true
        sleep 0.05
    done
    rm -rf "$folder"
}
trap stop EXIT

fail() {
    echo "slurm.sh: $1" >&2
    tail -n 20 "$folder"/*.log >&2
    exit 1
}

# A daemon outlives a script that was killed by five minutes at most.
start() {
    SLURM_CONF=$conf timeout --signal=KILL 300 "$@" </dev/null >"$folder/${1##*/}.log" 2>&1 &
    disown
}

free_port() {
    local port
    while port=$((10000 + RANDOM % 20000)) && (: <"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do :; done
    echo "$port"
}

mkdir "$folder/munge" "$folder/state" "$folder/spool"
(umask 077 && head -c 128 /dev/urandom >"$folder/munge/key")
cat >"$conf" <<CONF
ClusterName=px
SlurmctldHost=$node(127.0.0.1)
SlurmctldPort=$(free_port)
SlurmdPort=$(free_port)
CommunicationParameters=NoCtldInAddrAny,NoInAddrAny
SlurmUser=$user
SlurmdUser=$user
AuthType=auth/munge
CredType=cred/munge
# A requeued job waits as long as its credential would have lived; 5 s is the least.
AuthInfo=socket=$folder/munge/socket,cred_expire=5
StateSaveLocation=$folder/state
SlurmdSpoolDir=$folder/spool
SlurmctldPidFile=$folder/slurmctld.pid
SlurmdPidFile=$folder/slurmd.pid
MailProg=/bin/true
MpiDefault=none
# No control groups: not every container has them.
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SchedulerType=sched/builtin
SchedulerParameters=batch_sched_delay=0,sched_interval=1,sched_min_interval=100000
# Two tasks at a time, whatever the machine has.
SlurmdParameters=config_overrides
NodeName=$node NodeAddr=127.0.0.1 CPUs=2 RealMemory=65536 State=UNKNOWN
PartitionName=px Nodes=$node Default=YES MaxTime=INFINITE State=UP
CONF

start munged --foreground --force --origin=127.0.0.1 --num-threads=2 --key-file="$folder/munge/key" --socket="$folder/munge/socket" \
    --pid-file="$folder/munge/pid" --seed-file="$folder/munge/seed"
start slurmctld -D
start slurmd -D

until [[ $(SLURM_CONF=$conf timeout 10 sinfo --noheader --format=%T 2>/dev/null) == idle ]]; do
    [[ $SECONDS -lt 60 ]] || fail "Slurm takes no jobs"
    sleep 0.1
done
echo "$conf"
read -r || true
