"""What augmentations do to scores on people never seen: data, protocols, rivals."""
