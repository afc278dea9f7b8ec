#!/bin/sh
# condor.sh NEVENTS SEED: what condor.sub runs on a node. HTCondor has put @NAME@.tar beside a copy of this
# file; it is unpacked, since HTCondor cannot transfer folders that nobody may write to.
set -u

case $0 in
*/*) here=${0%/*}/ ;;
*) here=./ ;;
esac
if [ ! -f "$here/run.sh" ]; then
    here=./@NAME@
    if [ ! -f "$here/run.sh" ]; then
        tar -x -f @NAME@.tar && chmod -R u+w @NAME@ || exit 1
    fi
fi
exec /bin/sh "$here/run.sh" "$@"
