"""Find faces in a gray image: HOG (dlib) and BlazeFace (TFLite), behind one protocol."""
