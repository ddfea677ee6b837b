"""Value types everyone shares (frames, poses, grasps) and the numpy and cv2 algorithms on them."""
