#!/usr/bin/env bash
# recipe.sh WORK [HOURS]: makes a detector of nine words and a namer, as the shipped ones were made, in the folder WORK.
# Needs apt-get (Debian 12), dpkg-deb, unzip, pip and spot-grasp with the extra `train`. Nothing is installed.
# The licences of what it fetches stand in docs/licences.md.
set -euo pipefail
work=$1 hours=${2:-1.5}
mkdir -p "$work/fetched" "$work/photos" "$work/models3d"
cd "$work/fetched"
apt-get download sweethome3d-furniture plasma-workspace-wallpapers mate-backgrounds
pip download --no-deps robosuite==1.5.1 metaworld==3.1.1 pybullet==3.2.7
dpkg-deb -x sweethome3d-furniture_*.deb sweethome3d
for package in plasma-workspace-wallpapers mate-backgrounds; do dpkg-deb -x ${package}_*.deb ../photos; done
for library in sweethome3d/usr/share/sweethome3d/furniture/*.sh3f; do
    unzip -qo "$library" -d "../models3d/$(basename "$library" .sh3f)"
done
for wheel in robosuite metaworld pybullet; do unzip -qo $wheel-*.whl -d $wheel; done
cd - > /dev/null

python -m training.detector.furnished.collect --out "$work/models" --sweethome3d "$work/models3d" \
    --robosuite "$work/fetched/robosuite" --metaworld "$work/fetched/metaworld" --pybullet "$work/fetched/pybullet" \
    --photos "$work/photos"
for first in 0 1000; do
    python -m training.detector.furnished.pictures --models "$work/models" --out "$work/furnished" --first $first \
        --rooms 650 --seed 3
done
python -m training.detector.furnished.pictures --models "$work/models" --out "$work/test" --rooms 60 --size 480 --test \
    --depth
python -m training.detector.rendered.composite --out "$work/rooms" --pictures 500 --seed 20
spot-grasp train detector --start perception/weights/detector.onnx --data "$work/furnished" --data "$work/rooms" \
    --out "$work/run" --hours "$hours" --image-size 288 --learning-rate 0.001 --bfloat16
python -m training.detector.average --run "$work/run/detector" --start perception/weights/detector.onnx --share 0.5 \
    --out "$work/average" --trust-pickle
python -m training.export detector --run "$work/average" --height 288 --width 384 --out "$work/weights"
python -m training.studies.measure_rooms --data "$work/test" --detector "$work/weights/detector.onnx" --plain

# the network that names things, with the detector that ships
python -m training.detector.furnished.pictures --models "$work/models" --out "$work/with_depth" --rooms 475 --seed 40 \
    --size 480 --depth
python -m training.detector.furnished.pictures --models "$work/models" --out "$work/more_depth" --rooms 600 --seed 41 \
    --size 480 --depth
python -m training.detector.naming.samples --data "$work/with_depth"
python -m training.detector.naming.samples --data "$work/more_depth"
python -m training.detector.naming.train --data "$work/with_depth" "$work/more_depth" --out "$work/namer" --epochs 24
python -m training.export namer --run "$work/namer" --out "$work/weights" --licence "That of this repository."
