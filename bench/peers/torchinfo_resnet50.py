"""How an architecture is looked at today: build it, and print a table of its layers."""
import torchinfo
import without_cuda  # noqa: F401
from torchvision.models import resnet50

print(torchinfo.summary(resnet50(), input_size=(1, 3, 224, 224), verbose=0))
