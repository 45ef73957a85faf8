[ -n "${BASH_VERSION-}" ] || { echo "Error: this is a bash script: run it with bash, not sh" >&2; exit 1; }
set +e +o posix -u
umask 022
PATH=${PATH:-/usr/bin:/bin}:/usr/local/sbin:/usr/sbin:/sbin
TMPDIR=/run # where bash keeps long here-documents
export PATH LC_ALL=C PS4='[#] '
