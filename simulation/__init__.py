"""Genesis scenes, the Spot model, the sensor models and the Genesis robot adapter."""
