#!/bin/sh
#SBATCH --job-name=@NAME@
#SBATCH --array=1-@JOBS@
#SBATCH --ntasks=1
#SBATCH --cpus-per-task=1
# sbatch @NAME@/slurm.sh [NEVENTS [FOLDER]], from the folder that @NAME@ is in: task i of the array draws
# NEVENTS events (@EVENTS@) with seed i. FOLDER is the gridpack, where that is somewhere else.
set -u

if [ "$#" -gt 2 ] || [ -z "${SLURM_ARRAY_TASK_ID:-}" ]; then
    printf '%s\n' 'usage: sbatch --array=FIRST-LAST slurm.sh [NEVENTS [FOLDER]]' >&2
    exit 2
fi
if [ "$#" -eq 2 ]; then
    here=$2
else
    case $0 in
    */*) here=${0%/*}/ ;;
    *) here=./ ;;
    esac
    # Slurm runs a copy of this file, which is not where the gridpack is.
    [ -f "$here/run.sh" ] || here=${SLURM_SUBMIT_DIR:-.}/@NAME@
fi
exec /bin/sh "$here/run.sh" "${1:-@EVENTS@}" "$SLURM_ARRAY_TASK_ID"
