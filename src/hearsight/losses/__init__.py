"""What training minimizes: functions of tensors, zero at the target and blind to track order."""
