#!/bin/bash
# A real systemd as PID 1 of a container of its own, on this machine's root file system below an
# overlay: nothing of it is changed, and nothing that is enabled on it is started. The network is
# this machine's.   boot.sh DIRECTORY NAME
# DIRECTORY is empty; NAME is that of the control group. Runs in a mount namespace of its own.
set -eu
directory=$1 name=$2
mount --make-rprivate /
[ "$(stat -fc %T /sys/fs/cgroup)" = cgroup2fs ] || mount -t cgroup2 cgroup2 /sys/fs/cgroup
mkdir "/sys/fs/cgroup/$name"
echo $$ >"/sys/fs/cgroup/$name/cgroup.procs"
mount -t tmpfs tmpfs "$directory"
cd "$directory"
mkdir lower upper work root
mount --bind / lower
mount -t overlay overlay -o lowerdir=lower,upperdir=upper,workdir=work root
cd root

exec unshare --pid --ipc --uts --cgroup --fork --kill-child=KILL bash -eu -c '
mount -t proc proc proc
mount --bind proc/sys proc/sys && mount -o remount,bind,ro proc/sys   # the machine keeps its settings
mount -t sysfs -o ro sysfs sys
mount -t cgroup2 cgroup2 sys/fs/cgroup
for hidden in etc/systemd/system etc/init.d; do
    if [ -d "$hidden" ]; then mount -t tmpfs -o mode=755 tmpfs "$hidden"; fi
done
mount -t tmpfs -o mode=755 tmpfs run
mount -t tmpfs -o mode=1777 tmpfs tmp
mount -t tmpfs -o mode=755 tmpfs dev
for device in null zero full random urandom tty; do
    touch "dev/$device" && mount --bind "/dev/$device" "dev/$device"
done
mkdir dev/pts dev/shm
mount -t devpts -o newinstance,ptmxmode=0666,mode=620 devpts dev/pts
mount -t tmpfs -o mode=1777 tmpfs dev/shm
ln -s pts/ptmx dev/ptmx
ln -s /proc/self/fd dev/fd
hostname jatossync-boot
mkdir run/outside
pivot_root . run/outside
cd /
umount --lazy /run/outside
rmdir /run/outside
mount --make-rshared /   # services see what is mounted later, as on a machine of its own
exec env -i container=jatossync PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    setpriv --bounding-set=-sys_module,-sys_rawio,-sys_time \
    /lib/systemd/systemd --show-status=no
'
