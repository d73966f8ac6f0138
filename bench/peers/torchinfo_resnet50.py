"""How an architecture is looked at today: build it, and print a table of its layers."""
import torchinfo
import torchvision

print(torchinfo.summary(torchvision.models.resnet50(), input_size=(1, 3, 224, 224), verbose=0))
