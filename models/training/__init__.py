"""Train `models/emotion.tflite` on FER+; the product never imports this package."""
